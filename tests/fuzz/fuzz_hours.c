/* The ledger of hours, as another clone may have pushed it. */
#include <stdint.h>

#include "deploy/hours.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hours hours;
	struct hours_sum sum;
	int64_t from, until;
	hours_parse(NULL, (struct slice){ (const char *)data, size }, &hours);
	hours_month_span(1795348800, &from, &until);
	hours_add_up(&hours, NULL, from, until, 1795348800, &sum);
	if (sum.hours < 0 || sum.usd < 0 || sum.unpriced > sum.hours)
		__builtin_trap();
	hours_release(&hours);
	return 0;
}
