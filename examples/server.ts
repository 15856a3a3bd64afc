// A server of samples: answers with a PNG for a seed, a class and a truncation.
//
//     node server.ts runs/digits 8080    then: http://localhost:8080/?seed=7&class=3&truncation=1.2
import { createServer } from "node:http";
import { RunDirectory, UserError } from "gantry";
import { encodePng, quantise, tile } from "gantry/formats";
import { sampleRun } from "gantry/sampling";

const [run = "runs/digits", port = "8080"] = process.argv.slice(2);
const classes = new RunDirectory(run).description().data?.classes ?? [];

/** The PNG that a query asks for. Throws UserError for one that asks for nothing that there is. */
async function picture({ pathname, searchParams: query }: URL): Promise<Buffer> {
  if (pathname !== "/") throw new UserError(`${pathname} is unknown; there is only /`);
  const unknown = [...query.keys()].find((key) => !["seed", "class", "truncation"].includes(key));
  if (unknown !== undefined) throw new UserError(`\`${unknown}\` is unknown; there are seed, class and truncation`);
  const number = (key: string) => (query.has(key) ? Number(query.get(key) || "nothing") : undefined);
  const name = query.get("class");
  const classIndex = name === null ? undefined : classes.indexOf(name);
  if (classIndex === -1) throw new UserError(`class (=${name}) must be one of: ${classes.join(", ")}`);
  const [seed = 0, truncation] = ["seed", "truncation"].map(number);
  const images = await sampleRun(run, { count: 1, seed, truncation, classIndex });
  const pixels = quantise(images);
  images.dispose();
  return encodePng(tile(pixels, { padding: 0 }));
}

createServer(async ({ url = "/" }, response) => {
  try {
    const png = await picture(new URL(`http://localhost${url}`));
    response.writeHead(200, { "content-type": "image/png" }).end(png);
  } catch (error) {
    const status = error instanceof UserError ? 400 : 500;
    response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${(error as Error).message}\n`);
  }
}).listen(Number(port), "127.0.0.1", () => console.log(`http://localhost:${port}`));
