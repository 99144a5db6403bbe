#include "cmd/version_json.h"

void put_version_commit(struct json_writer *w, const struct version *v)
{
	json_key(w, "commit");
	if (!v || !v->commit.hex[0]) {
		json_null(w);
		return;
	}
	json_begin_object(w);
	json_put_string(w, "id", v->commit.hex);
	json_put_string(w, "author", v->author);
	json_put_string(w, "mail", v->mail);
	json_put_string(w, "date", v->date);
	json_put_string(w, "subject", v->subject);
	json_put_string(w, "paper", *v->folder ? v->folder : ".");
	json_end_object(w);
}
