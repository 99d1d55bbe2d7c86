import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// One script and one style sheet with fixed names: the wheel ships them, and CI compares a fresh build with them.
export default defineConfig({
  plugins: [react()],
  base: '/',
  build: {
    outDir: '../fgraph/studio/dist',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    chunkSizeWarningLimit: 800,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    license: { fileName: 'assets/licences.md' },
    rolldownOptions: {
      output: {
        codeSplitting: false,
        entryFileNames: 'assets/studio.js',
        assetFileNames: (asset) => (asset.names.some((name) => name.endsWith('.css')) ? 'assets/studio.css' : 'assets/[name][extname]'),
      },
    },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
} as Parameters<typeof defineConfig>[0]);
