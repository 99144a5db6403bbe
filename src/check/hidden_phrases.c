#include "check/hidden_phrases.h"

#include "base/memory.h"

#define ALL "all|any|your|every"
#define THE "all|any|the|your|of|my|these|those|every|other|a|an"
#define PREVIOUS "previous|prior|above|earlier|preceding|foregoing|existing|initial|original"
#define ORDERS "instructions|instruction|prompts|prompt|directives"
#define MACHINE "llm|llms|ai|gpt|chatgpt|claude|gemini|copilot|automated|machine"
#define REVIEWER "reviewer|reviewers|referee|referees"
#define PRAISE                                                                                  \
	"positive|favorable|favourable|good|glowing|excellent|strong|high|highest|higher|maximum|" \
	"perfect|top|outstanding|enthusiastic"
#define REVIEW                                                                                  \
	"review|reviews|assessment|evaluation|rating|ratings|feedback|recommendation|score|"    \
	"scores|grade|mark|marks"
#define PAPER "paper|submission|manuscript|article|work"
#define FAULTS                                                                                  \
	"negative|negatives|weakness|weaknesses|limitation|limitations|flaw|flaws|shortcoming|"  \
	"shortcomings|criticism|criticisms|drawback|drawbacks"
#define OF_IT "out|up|on|any|of|the|its|this|paper|papers|potential|possible|major|minor"

static const struct phrase_row rows[] = {
	{ HIDDEN_OVERRIDE, "ignore|disregard|forget|override " ALL " of|the|my* " PREVIOUS
			   "|system " ORDERS },
	{ HIDDEN_OVERRIDE, "if you are|youre a|an? " MACHINE "|language|large "
			   "language|model|models* "
			   "reviewing|reviewer|evaluating|judging|assessing|grading" },
	{ HIDDEN_OVERRIDE, "im start system|user|assistant" },
	{ HIDDEN_OVERRIDE_WEAK, "ignore|disregard|forget|override|overlook|ignoring|disregarding "
				THE "* " PREVIOUS "|system review|reviewer|reviewing|given* " ORDERS
				"|directions|guidelines|rules|commands|orders|context|criteria" },
	{ HIDDEN_OVERRIDE_WEAK, "ignore|disregard|forget " THE "* " ORDERS
				" above|before|given|previously|you|so|that" },
	{ HIDDEN_OVERRIDE_WEAK, "forget|ignore|disregard everything above|before|you" },

	{ HIDDEN_VERDICT, "give|write|provide|generate|output|produce|return|submit|assign|award "
			  "this|it|us|me|the|" PAPER "|a|an|only|your|very* " PRAISE
			  " overall|possible|and|" PRAISE "* " REVIEW },
	{ HIDDEN_VERDICT, "positive review|reviews|feedback only" },
	{ HIDDEN_VERDICT, "only positive review|reviews|feedback|comments" },
	{ HIDDEN_VERDICT, "do not mention|highlight|list|report|raise|discuss|point|include|state|"
			  "note|emphasize|emphasise|bring|give|focus " OF_IT "* " FAULTS },
	{ HIDDEN_VERDICT, "dont|never|avoid|without mention|mentioning|highlight|highlighting|list|"
			  "listing|report|reporting|raise|raising|discuss|discussing|point|"
			  "pointing|include|including " OF_IT "* " FAULTS },
	{ HIDDEN_VERDICT, "recommend|recommending strong|clear|immediate|its|this|the|" PAPER
			  "|for|an|a|be* accept|accepting|acceptance|accepted" },
	{ HIDDEN_VERDICT, "accept this|the " PAPER },
	{ HIDDEN_VERDICT, "rate|score|evaluate|assess|grade|review|judge this|the|our* " PAPER
			  "|it very|extremely|as|more* highly|favorably|favourably|positively|"
			  "leniently|generously" },
	{ HIDDEN_VERDICT, "emphasize|emphasise|highlight|focus|concentrate|praise only|solely on|"
			  "the|its* strengths|positives|positive" },
	{ HIDDEN_VERDICT, "this|the " PAPER " should|must|deserves|ought to|be* "
			  "accepted|acceptance" },

	{ HIDDEN_CONDITION, "if you are|youre a|an? " MACHINE "|language|large|artificial" },
	{ HIDDEN_CONDITION, "as a large? language model you" },
	{ HIDDEN_CONDITION, "as an|a " MACHINE " language|model|assistant|reviewer|system|"
			    "tool* you" },

	{ HIDDEN_ADDRESS, MACHINE "|model|agent " REVIEWER "|judge|judges|evaluator|evaluators" },
	{ HIDDEN_ADDRESS, "dear|attention|hey|hello|note|message|instruction|instructions|prompt|"
			  "notice|reminder to|for|all|any|the* " REVIEWER "|" MACHINE
			  "|language|model|models|assistant|agent|agents" },
	{ HIDDEN_ADDRESS, "you are a|an|the|now|being* " REVIEWER "|" MACHINE
			  "|language|large|reviewing|assistant|meta|helpful|expert|peer" },
	{ HIDDEN_ADDRESS, "as a|the " REVIEWER " you" },
	{ HIDDEN_ADDRESS, REVIEWER "|llm|llms|model|models|assistant must|shall|should be|to* give|"
			  "rate|accept|recommend|write|provide|assign|praise|score|ignore|not" },
	{ HIDDEN_ADDRESS, "for|to " MACHINE " " REVIEWER "|models|only|systems|agents|readers" },
	{ HIDDEN_ADDRESS, "language model|models you|must|shall|reading|reviewing|please" },

	{ HIDDEN_COMMAND, "you must|should|shall" },
	{ HIDDEN_COMMAND, "you are|have|need to|required|asked|instructed|obliged" },
	{ HIDDEN_COMMAND, "please include|mention|write|respond|reply|answer|say|state|cite|use|"
			  "add|output|print|insert|begin|start|consider|keep|ensure|make|give" },
	{ HIDDEN_COMMAND, "include|mention|insert|use|repeat the|a|this|following|exact* phrase|"
			  "phrases|sentence|word|words|string" },
	{ HIDDEN_COMMAND, "begin|start|end your review|response|answer|summary" },
	{ HIDDEN_COMMAND, "in your review|summary|response|output|assessment|answer" },

	{ HIDDEN_SUBJECT, "prompt|instruction injection|injections" },
	{ HIDDEN_SUBJECT, "hidden|adversarial|malicious|injected|concealed prompt|prompts|"
			  "instruction|instructions" },
	{ HIDDEN_SUBJECT, "jailbreak|jailbreaks|jailbreaking" },

	/* other languages: the two sentences that are found in the wild */
	{ HIDDEN_OVERRIDE, "忽 略|视|視 所|有|之|先|以|此|前|的|任|何|一|切|上|述|面|您|你* "
			   "指|提 令|示" },
	{ HIDDEN_OVERRIDE, "无|無 视|視 所|有|之|先|以|此|前|的|任|何|一|切|上|述|面|您|你* "
			   "指|提 令|示" },
	{ HIDDEN_VERDICT, "给|給|只|仅|僅 出|予|给|給|一|个|個|份|篇* 正|积|積|肯 面|极|極|定 的* "
			  "评|評|审|審|意 价|價|论|論|审|審|稿|见|見" },
	{ HIDDEN_OVERRIDE, "指|命 示|令 を|は|す|べ|て|全* 無 視" },
	{ HIDDEN_VERDICT, "肯|好 定|意 的 な|に* 査|評|レ 読|価|ビ" },
	{ HIDDEN_OVERRIDE, "지|명 시|침|령 사|항|를|을|은|는|모|두* 무 시" },
	{ HIDDEN_VERDICT, "긍 정 적 인|으|로|만* 리|평|심 뷰|가|사" },
	{ HIDDEN_OVERRIDE, "ignoriere|ignorieren sie|alle|die|deine|ihre* "
			   "vorherigen|bisherigen|obigen|fruheren anweisungen|instruktionen" },
	{ HIDDEN_VERDICT, "gib|geben|schreibe|schreiben sie|eine|nur|ein* "
			  "positive|positives|gute|gutes "
			  "bewertung|gutachten|begutachtung|rezension" },
	{ HIDDEN_OVERRIDE, "ignore|ignorez|ignorer toutes|les|vos|tes* instructions|consignes "
			   "precedentes|anterieures" },
	{ HIDDEN_VERDICT, "donne|donnez|redige|redigez|ecris|ecrivez une|un|seulement|uniquement* "
			  "evaluation|avis|rapport|critique positive|positif|favorable" },
	{ HIDDEN_OVERRIDE, "ignora|ignore|ignorar|olvida todas|las|tus|sus* instrucciones "
			   "anteriores|previas" },
	{ HIDDEN_VERDICT, "da|escribe|escriba|proporciona|proporcione una|un|solo|solamente* "
			  "evaluacion|revision|resena|valoracion positiva|favorable" },
	{ HIDDEN_OVERRIDE, "ignore|ignora|desconsidere todas|as|suas* instrucoes "
			   "anteriores|previas" },
	{ HIDDEN_OVERRIDE, "ignora|ignorate tutte|le|tue|vostre* istruzioni precedenti" },
	{ HIDDEN_OVERRIDE, "игнорируй|игнорируйте|забудь|забудьте все* "
			   "предыдущие|прежние|прошлые инструкции|указания" },
};

struct phrases *hidden_phrases_new(void)
{
	return phrases_new(rows, ARRAY_SIZE(rows));
}
