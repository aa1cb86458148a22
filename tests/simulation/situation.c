/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "situation.h"

const char *const situation_texts[SITUATION_COUNT] = {
#define SITUATION_TEXT(name, text) text,
	SITUATIONS(SITUATION_TEXT)
#undef SITUATION_TEXT
};
