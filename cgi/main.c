/* main - shared by every endpoint family; the family brings routes[]. */
#include <string.h>

#include "serve.h"

int
main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;

	return serve(slash != NULL ? slash + 1 : "cgi", routes);
}
