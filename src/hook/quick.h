/* The answer "there is nothing to do", as fast as it can be had; false is "perhaps there is". */
#ifndef HOOK_QUICK_H
#define HOOK_QUICK_H

#include "hook/places.h"
#include "hook/push.h"

/* Whether what is staged in PLACES' index differs from HEAD in nothing that concerns a paper. */
bool hook_nothing_staged(const struct hook_places *places);
/* Whether what is pushed is what is in PLACES' index, too, and differs from what the remote's refs are at in nothing
 * that concerns a paper. */
bool hook_nothing_pushed(const struct hook_places *places, const struct push *push);

#endif
