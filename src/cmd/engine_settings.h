/* How long a run may take and how hard it asks. */
#ifndef CMD_ENGINE_SETTINGS_H
#define CMD_ENGINE_SETTINGS_H

#include "git/repo.h"
#include "model/model.h"

/* "90", "90s", "15m", "2h", "1h30m" as milliseconds; false when TEXT is none, or beyond a week. */
bool duration_parse(const char *text, long *out_ms);

/* Fills OUT from DEADLINE (the --deadline option, or NULL), git config scrutiny.deadline and scrutiny.hedge. */
struct error *engine_settings_read(struct model_engine_settings *out, struct repo *repo,
				   const char *deadline);

#endif
