#include "review/session_line.h"

#include "base/memory.h"

void line_init(struct line *line, size_t nr_papers)
{
	*line = (struct line){ .places = xcalloc(nr_papers + 1, sizeof(*line->places)),
			       .nr = nr_papers, .size = nr_papers };
	for (size_t i = 0; i < nr_papers; i++)
		line->places[i] = i;
}

void line_release(struct line *line)
{
	free(line->places);
}

size_t line_take(struct line *line)
{
	size_t place = line->places[line->first];
	line->first = (line->first + 1) % line->size;
	line->nr--;
	return place;
}

void line_put_back(struct line *line, size_t place)
{
	line->places[(line->first + line->nr) % line->size] = place;
	line->nr++;
}
