/** A part of the reference: the operations whose names it matches. */
export interface Theme {
  readonly title: string
  readonly about: string
  readonly matches: RegExp
}

/** In the order of the reference. An operation belongs to the first that matches its name, the last takes what is left. */
export const themes: readonly Theme[] = [
  {
    title: 'People',
    about: 'The viewer, whom they see, and whom they want to hear.',
    matches: /^(viewer|user|contacts|blockUser|unblockUser|updatePrivacy)$/,
  },
  {
    title: 'Conversations and groups',
    about: 'Where people write to each other, and who takes part.',
    matches: /conversation|group|participant/i,
  },
  {
    title: 'Following what happens',
    about: 'The update stream, live or polled, and what is live only, for simple clients.',
    matches: /^(updates|newMessages)$/,
  },
  { title: 'Messages', about: 'Saying something, and what becomes of it.', matches: /message|reaction/i },
  { title: 'Receipts', about: 'How far somebody has received, and read.', matches: /^mark/ },
  {
    title: 'Typing and presence',
    about: 'Signals: they may be lost, and expire by themselves.',
    matches: /typing|presence|availability/i,
  },
  {
    title: 'The platform',
    about: 'What the system that owns users and appointments tells Parley.',
    matches: /^upsert/,
  },
  { title: 'Everything else', about: 'Things by their id, and this deployment.', matches: /./ },
]
