/* The shapes of keys, tokens and passwords. */
#ifndef BASE_SECRET_SHAPES_H
#define BASE_SECRET_SHAPES_H

#include "base/shape.h"

extern const struct shape secret_shapes[];
extern const size_t secret_shapes_nr;

#endif
