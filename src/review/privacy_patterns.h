/* The shapes of personal data; used by privacy.c and its tests only. Those of keys are in base/secret_shapes.h. */
#ifndef REVIEW_PRIVACY_PATTERNS_H
#define REVIEW_PRIVACY_PATTERNS_H

#include "base/shape.h"
#include "review/privacy.h"

struct privacy_pattern {
	enum privacy_kind kind;
	struct shape shape;
};

extern const struct privacy_pattern privacy_patterns[];
extern const size_t privacy_pattern_nr;

#endif
