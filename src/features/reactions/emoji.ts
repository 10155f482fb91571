import * as rgiEmoji from 'regenerate-unicode-properties/Property_of_Strings/RGI_Emoji.js'
import { InvalidInputError } from '../../errors.js'

/** Asks for the picture rather than the letter; people and keyboards leave it out. */
const emojiPresentation = '\u{fe0f}'

const bare = (emoji: string) => emoji.replaceAll(emojiPresentation, '')

/** Every emoji that is recommended for general interchange, by what it is without its presentation selectors. */
const fullyQualified = new Map(
  [...rgiEmoji.characters.toArray().map((point) => String.fromCodePoint(point)), ...rgiEmoji.strings].map(
    (emoji) => [bare(emoji), emoji],
  ),
)

const longest = Math.max(...[...fullyQualified.values()].map((emoji) => emoji.length))

/** The one form of an emoji (UTS #51, fully qualified): ❤ and ❤️ are one. Throws InvalidInputError at `emoji`. */
export function qualifiedEmoji(text: string): string {
  const emoji = text.length <= longest ? fullyQualified.get(bare(text)) : undefined
  if (emoji === undefined) throw InvalidInputError.at('emoji', 'Give one emoji of Unicode’s RGI set.')
  return emoji
}
