import { join } from 'node:path'
import { bundle } from '../http/build-bare.ts'

/** The plain room, bundled as the Worker itself is; answers its folder. */
export function buildPlain(): Promise<string> {
  return bundle('bench-plain', join(import.meta.dirname, 'plain', 'worker.ts'), [
    '[[durable_objects.bindings]]',
    'name = "Room"',
    'class_name = "Room"',
    '[[migrations]]',
    'tag = "v1"',
    'new_sqlite_classes = ["Room"]',
  ])
}
