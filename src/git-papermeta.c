#include "cmd/cmd.h"

int main(int argc, char **argv)
{
	return cmd_main(&papermeta_program, argc, (const char **)argv);
}
