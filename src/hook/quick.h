/* The answer "there is nothing to do", as fast as it can be had; false is "perhaps there is". */
#ifndef HOOK_QUICK_H
#define HOOK_QUICK_H

#include "hook/places.h"
#include "hook/push.h"

/* Whether what is staged in PLACES' index differs from HEAD in nothing that concerns a paper. */
bool hook_nothing_staged(const struct hook_places *places);
/* Whether PUSH brings no paper to the remote: each ref is there already, and differs from what is pushed in nothing
 * that concerns a paper. */
bool hook_nothing_pushed(const struct hook_places *places, const struct push *push);

#endif
