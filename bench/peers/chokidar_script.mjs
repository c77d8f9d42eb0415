// The same script on Node: chokidar, convert in the callback. node chokidar_script.mjs INBOX OUTBOX ARCHIVE

import { readFile, rename, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import chokidar from 'chokidar'
import { parse } from 'csv-parse/sync'

const [inbox, outbox, archive] = process.argv.slice(2)
const decoder = new TextDecoder('windows-1252')

async function convert (path) {
  const name = basename(path)
  const rows = parse(decoder.decode(await readFile(path)), { columns: true, delimiter: ';' })
  await writeFile(join(outbox, `${name}.json`), JSON.stringify(rows))
  await rename(path, join(archive, name))
}

chokidar.watch(inbox, { depth: 0, ignoreInitial: true })
  .on('add', convert)
  .on('ready', () => console.log('ready'))
