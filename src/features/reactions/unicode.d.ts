/** The code points and strings of Unicode's property RGI_Emoji, fully qualified. */
declare module 'regenerate-unicode-properties/Property_of_Strings/RGI_Emoji.js' {
  const property: {
    readonly characters: { toArray(): number[] }
    readonly strings: readonly string[]
  }
  export default property
}
