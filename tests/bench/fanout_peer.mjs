// Sends the same questions as fanout.c through openai-node; prints one line of JSON. Answers are streamed and
// put together, unless PLAIN is 1: then they come in one piece.
//
// usage: fanout_peer.mjs <folder of node_modules> <base URL> <requests> <at once> <bytes of prompt>
import { createRequire } from 'node:module';

const [folder, url, ...numbers] = process.argv.slice(2);
const [requests, atOnce, size] = numbers.map(Number);
const { OpenAI } = createRequire(folder + '/')('openai');
const words = 'the proof of lemma three is "not" complete\n';
const body = {
	model: 'm', max_tokens: 100, messages: [
		{ role: 'system', content: 'Review.' },
		{ role: 'user', content: words.repeat(size / words.length + 1).slice(0, size) },
	],
};
const stream = process.env.PLAIN !== '1';
if (stream)
	Object.assign(body, { stream: true, stream_options: { include_usage: true } });
const client = new OpenAI({ baseURL: url, apiKey: 'none', timeout: 600000 });
let left = requests, good = 0;

async function ask() {
	const answer = await client.chat.completions.create(body);
	if (!stream)
		return answer.choices[0].message.content;
	let text = '';
	for await (const chunk of answer)
		for (const choice of chunk.choices)
			text += choice.delta.content ?? '';
	return text;
}

async function work() {
	while (left > 0) {
		left--;
		const answer = JSON.parse(await ask());
		good += answer.word === 'yes';
	}
}

const started = performance.now();
await Promise.all(Array.from({ length: Math.min(atOnce, requests) }, work));
const wall = (performance.now() - started) / 1000;
const usage = process.resourceUsage();
console.log(JSON.stringify({
	ok: good, wall, user: usage.userCPUTime / 1e6, system: usage.systemCPUTime / 1e6, rss_kb: usage.maxRSS,
}));
