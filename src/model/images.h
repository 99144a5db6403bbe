/* Pictures that go with a question. */
#ifndef MODEL_IMAGES_H
#define MODEL_IMAGES_H

#include "model/codec.h"

/* The pixels of a PNG or JPEG picture; ERROR_SYNTAX when BYTES are neither. */
struct error *image_size(struct slice bytes, uint32_t *width, uint32_t *height);

/* ERROR_LIMIT or ERROR_SYNTAX, naming the picture, when a server of CODEC would refuse what R holds. */
struct error *images_check(const struct codec *codec, const struct model_request *r);

#endif
