import type { CodegenConfig } from '@graphql-codegen/cli'
import { addTypenameSelectionDocumentTransform } from '@graphql-codegen/client-preset'

const scalars = { ID: 'string', DateTime: 'string', UUID: 'string', URL: 'string' }
const types = { useTypeImports: true, enumsAsTypes: true, strictScalars: true, scalars }

/** Types of the operations in test/documents and examples/, from the committed schema: `npm run codegen`. */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  generates: {
    'test/generated/': {
      documents: 'test/documents/*.graphql',
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: types,
    },
    'examples/generated/': {
      documents: 'examples/documents.graphql',
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      // Apollo's cache goes by __typename: here it is in the documents, whoever sends them.
      documentTransforms: [addTypenameSelectionDocumentTransform],
      config: types,
    },
    'examples/generated/possible-types.ts': { plugins: ['fragment-matcher'] },
  },
  importExtension: '.js',
  emitLegacyCommonJSImports: false,
}

export default config
