/** Conversations in Node: the same calls as in a page, over a host instead of a worker. */
import { chatCompletions, type Completions } from "../chat/completions";
import type { CompletionRequest } from "../chat/request";
import { ChatHost } from "../worker/chat";
import type { EngineHost } from "../worker/host";
import { DecoscopeError } from "../base/errors";
import type { ChatArguments } from "./arguments";
import { open } from "./commands";

/** `chat.completions` over models that were loaded into a host. */
export const openChat = (host: EngineHost): Completions => chatCompletions(new ChatHost(host));

/**
 * One answer. The file has the request in OpenAI's shape; its `model` is the one of the arguments.
 * @throws DecoscopeError
 */
export async function chat(
  gpu: GPU,
  args: ChatArguments,
  read: (path: string) => Promise<string>,
): Promise<unknown> {
  let request: unknown;
  try {
    request = JSON.parse(await read(args.request));
  } catch (thrown) {
    throw new DecoscopeError(
      "load",
      `${args.request}: expected a chat request in JSON, such as {"messages": [{"role": "user", "content": "Hi"}]}: ${String(thrown)}`,
    );
  }
  const { host } = await open(gpu, args);
  const given = { ...(request as CompletionRequest), model: args.model, stream: false } as const;
  return openChat(host).create(given);
}
