/** The code points and strings of Unicode's property RGI_Emoji, fully qualified. */
declare module 'regenerate-unicode-properties/Property_of_Strings/RGI_Emoji.js' {
  export const characters: { toArray(): number[] }
  export const strings: readonly string[]
}
