// `node e2e/images/databases/main.ts`: builds the image of the databases unless it is in the cache, and prints its archive.
import { databasesImage } from './build.ts';

try {
  const { archive } = await databasesImage((line) => console.error(line));
  console.log(archive);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
