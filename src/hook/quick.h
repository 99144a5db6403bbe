/* The answer "there is nothing to do", as fast as it can be had; false is "perhaps there is". */
#ifndef HOOK_QUICK_H
#define HOOK_QUICK_H

#include "hook/places.h"

/* Whether what is staged in PLACES' index differs from HEAD in nothing that concerns a paper. */
bool hook_nothing_staged(const struct hook_places *places);

#endif
