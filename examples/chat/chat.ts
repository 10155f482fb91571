import type { Kit } from '../kit/kit.js'
import type { LocalConversation } from '../kit/local-copy.js'
import type { Message } from '../kit/page.js'
import type { SendOptions } from '../kit/session.js'
import type { TypingNotifier } from '../kit/typing-notifier.js'
import type { Terminal } from './terminal.js'
import {
  conversationLine,
  marksOf,
  messageLine,
  presenceLine,
  receiptLine,
  titleOf,
  waitingLine,
} from './words.js'

const help = `Type and press Enter to send. In front of every message stands its number.
  /list                 your conversations
  /open N               another one of the list
  /older                what was said before
  /reply N TEXT         /edit N TEXT
  /delete N             for everyone; /hide N: for you alone
  /react N EMOJI        again: takes it back; /pin N likewise
  /urgent TEXT          asks for an answer to it: /ack N
  /archive N            of the list; it comes back with the next message
  /retry                what was refused
  /quit`

/** Prints what changes in a kit's copy, and does what is entered. */
export class Chat {
  #openId: string | null = null
  #readUpTo = 0
  #listed: readonly string[] = []
  #typing: TypingNotifier | null = null
  #followed: readonly string[] = []
  /** What was printed of each message, and of what else there is. */
  readonly #printed = new Map<string, string>()
  readonly #stops: (() => void)[]

  constructor(
    private readonly kit: Kit,
    private readonly terminal: Terminal,
    private readonly isOnline: () => boolean,
  ) {
    const refresh = () => this.#refresh()
    this.#stops = [kit.copy, kit.outbox, kit.signals].map(({ changes }) => changes.subscribe(refresh))
    terminal.onTyping(() => this.#typing?.keystroke())
    kit.signals.followTyping()
    const others = kit.copy.conversations.flatMap(({ fields }) => fields.otherParticipant?.id ?? [])
    this.#followPresence(others)
  }

  /** Runs until the input ends, or /quit. */
  async run(withExternalId: string | undefined): Promise<void> {
    this.terminal.print(`You are ${this.kit.copy.viewer.user.displayName}. /help says what you can do.`)
    this.list()
    const newest = this.kit.copy.conversations[0]?.fields.id
    const first = withExternalId === undefined ? newest : await this.kit.startConversation(withExternalId)
    if (first !== undefined) await this.open(first)
    for await (const line of this.terminal.lines()) {
      if (line.trim() === '/quit') break
      await this.#do(line).catch((error) => this.terminal.print(`✗ ${error.message}`))
    }
    for (const stop of this.#stops) stop()
  }

  list(): void {
    const { conversations } = this.kit.copy
    this.#listed = conversations.map(({ fields }) => fields.id)
    for (const [index, { fields }] of conversations.entries())
      this.terminal.print(conversationLine(index + 1, fields))
  }

  async open(conversationId: string): Promise<void> {
    await this.kit.open(conversationId)
    const conversation = this.kit.copy.conversation(conversationId)
    if (!conversation?.page) return this.terminal.print('✗ There is no such conversation.')
    this.#typing?.stop()
    this.#openId = conversationId
    this.#typing = this.kit.typingNotifier(conversationId)
    this.#printed.clear()
    this.#readUpTo = 0
    this.terminal.print(`── ${titleOf(conversation.fields)} ──`)
    const other = conversation.fields.otherParticipant?.id
    if (other !== undefined && !this.#followed.includes(other))
      this.#followPresence([other, ...this.#followed])
    this.#refresh()
  }

  async #do(line: string): Promise<void> {
    const [, command = '', number = '', rest = ''] = /^\/(\w+)\s*(\d*)\s*(.*)$/s.exec(line) ?? []
    if (command === '') return this.#send(line)
    const { kit } = this
    switch (command) {
      case 'help':
        for (const each of help.split('\n')) this.terminal.print(each)
        return
      case 'list':
        return this.list()
      case 'open':
        return this.open(this.#listed[Number(number) - 1] ?? '')
      case 'older':
        return this.#older()
      case 'reply':
        return this.#send(rest, { replyToId: this.#message(number).id })
      case 'edit':
        return kit.edit(this.#message(number).id, rest)
      case 'delete':
        return kit.delete(this.#message(number).id, 'EVERYONE')
      case 'hide':
        await kit.delete(this.#message(number).id, 'ME')
        return this.terminal.print(`(you no longer see [${number}])`)
      case 'react':
        return this.#react(this.#message(number), rest)
      case 'pin': {
        const { id, pinnedAt } = this.#message(number)
        return pinnedAt === null ? kit.pin(id) : kit.unpin(id)
      }
      case 'urgent':
        return this.#send(line.slice('/urgent'.length).trim(), { priority: 'URGENT' })
      case 'ack':
        return kit.acknowledge(this.#message(number).id)
      case 'archive':
        return kit.archive(this.#listed[Number(number) - 1] ?? '')
      case 'retry':
        for (const { input, failure } of kit.outbox.waiting)
          if (failure !== null) await kit.outbox.retry(input.clientMessageId)
        return
      default:
        throw new Error('There is no such command. /help lists those that there are.')
    }
  }

  /** The server knows an emoji by one form, whichever was typed. */
  async #react({ id, reactions }: Message, emoji: string): Promise<void> {
    const bare = (text: string) => text.replaceAll('\u{fe0f}', '')
    const own = reactions.find((each) => each.viewerHasReacted && bare(each.emoji) === bare(emoji))
    await (own ? this.kit.unreact(id, emoji) : this.kit.react(id, emoji))
  }

  async #send(body: string, more: SendOptions = {}): Promise<void> {
    if (body.trim() === '') return
    if (this.#openId === null) throw new Error('Open a conversation first: /list, /open N')
    this.#typing?.sent()
    await this.kit.send(this.#openId, body, more)
  }

  async #older(): Promise<void> {
    const before = this.#conversation()?.page?.edges[0]?.node.sequence ?? 0
    await this.kit.loadOlder(this.#openId ?? '')
    const { page } = this.#conversation() ?? {}
    const older = page?.edges.filter(({ node }) => node.sequence < before) ?? []
    if (older.length === 0) this.terminal.print('(that is all)')
  }

  /** As many as the server tells of. */
  #followPresence(userIds: readonly string[]): void {
    this.#followed = userIds.slice(0, 100)
    this.kit.signals.followPresence(this.#followed)
  }

  #conversation(): LocalConversation | undefined {
    return this.#openId === null ? undefined : this.kit.copy.conversation(this.#openId)
  }

  #message(number: string): Message {
    const edges = this.#conversation()?.page?.edges ?? []
    const found = edges.find(({ node }) => node.sequence === Number(number))
    if (!found) throw new Error('Which message? Its number stands in front of it.')
    return found.node
  }

  /** Prints what is not printed yet. */
  #refresh(): void {
    const open = this.#conversation()
    if (!open?.page) return
    const { fields, page } = open
    const { kit } = this
    for (const { node } of page.edges) this.#refreshMessage(node)
    for (const bubble of kit.bubbles(fields.id)) {
      if (bubble.state === 'failed')
        this.#say(bubble.key, `✗ ${bubble.waiting.failure}: “${bubble.waiting.input.body}” (/retry)`)
      else if (bubble.state === 'sending' && !this.isOnline())
        this.#say(bubble.key, waitingLine(bubble.waiting.input.body))
    }
    const own = page.edges.filter(({ node }) => node.sender?.id === kit.copy.viewer.user.id)
    const told = own.findLast(({ node }) => node.deliveryState !== 'SENT')
    if (told) this.#say('receipt', receiptLine(told.node))
    this.#refreshOthers(fields.id)
    const typists = kit.signals.typists(fields.id).map(({ displayName }) => displayName)
    const typing = typists.length === 0 ? '' : `… ${typists.join(', ')} typing`
    this.terminal.setPrompt(typing === '' ? '> ' : `${typing} > `)
    if (!this.terminal.isInteractive) this.#say('typing', typing)
    if (fields.otherParticipant) {
      const { id, displayName } = fields.otherParticipant
      const presence = kit.signals.presence(id)
      if (presence) this.#say('presence', presenceLine(displayName, presence))
    }
    this.#markRead(fields, page.edges.at(-1)?.node.sequence ?? 0)
  }

  /** A message is printed again when it says something else; that it went further is told by the receipts. */
  #refreshMessage(message: Message): void {
    const { id, body, editedAt, deletedAt } = message
    const said = `${body} ${editedAt} ${deletedAt} ${marksOf(message)}`
    const before = this.#printed.get(id)
    if (before === said) return
    this.#printed.set(id, said)
    this.terminal.print(messageLine(message, this.kit.copy.viewer.user.id))
  }

  /** What is on the screen is read. Each message is a reason to say so once, until the stream confirms it. */
  #markRead({ id, unreadCount }: LocalConversation['fields'], newest: number): void {
    if (unreadCount === 0 || newest <= this.#readUpTo) return
    this.#readUpTo = newest
    this.kit.markRead(id).catch(() => {})
  }

  #refreshOthers(openId: string): void {
    for (const { fields } of this.kit.copy.conversations) {
      if (fields.id === openId || fields.unreadCount === 0) continue
      this.#say(fields.id, `    ${titleOf(fields)}: ${fields.unreadCount} unread (/list)`)
    }
  }

  #say(what: string, line: string): void {
    if (this.#printed.get(what) === line) return
    this.#printed.set(what, line)
    if (line !== '') this.terminal.print(line)
  }
}
