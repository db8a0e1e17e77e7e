/* Prints the configuration's JSON Schema, for docs/ and for the test that it is current.
 */
#include "config/config.h"

int main(void)
{
	config_schema_print(stdout);
	return 0;
}
