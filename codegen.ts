import type { CodegenConfig } from '@graphql-codegen/cli'

/** Types of the operations in test/documents, from the committed schema: `npm run codegen`. */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: 'test/documents/*.graphql',
  generates: {
    'test/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        strictScalars: true,
        scalars: { DateTime: 'string', UUID: 'string', URL: 'string' },
      },
    },
  },
  importExtension: '.js',
  emitLegacyCommonJSImports: false,
}

export default config
