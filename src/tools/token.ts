import { findIssuer, signWith } from './replay/tokens.js'

// Prints a token for somebody, to try things with: signed as an unconfigured Parley signs, or with JWT_SECRET.

const [subject, ...others] = process.argv.slice(2)
if (subject === undefined || subject.startsWith('-') || others.length > 0) {
  console.error(
    'npm run --silent token -- NAME     (the platform’s own id of a person, e.g. amal); good for 12 hours',
  )
  process.exitCode = 2
} else {
  try {
    console.log(await signWith(await findIssuer(process.env, undefined))(subject))
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
