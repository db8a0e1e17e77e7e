#include "base/number.h"

#include <string.h>

static const char pairs[] = "00010203040506070809"
			    "10111213141516171819"
			    "20212223242526272829"
			    "30313233343536373839"
			    "40414243444546474849"
			    "50515253545556575859"
			    "60616263646566676869"
			    "70717273747576777879"
			    "80818283848586878889"
			    "90919293949596979899";

static const uint32_t powers[] = {1,	  10,	   100,	     1000,	10000,
				  100000, 1000000, 10000000, 100000000, 1000000000};

static char *number_print_whole(char *to, uint64_t value)
{
	char digits[20];
	char *p = digits + sizeof(digits);
	size_t len;

	while (value >= 100) {
		p -= 2;
		memcpy(p, pairs + value % 100 * 2, 2);
		value /= 100;
	}
	if (value >= 10) {
		p -= 2;
		memcpy(p, pairs + value * 2, 2);
	} else {
		*--p = (char)('0' + value);
	}
	len = (size_t)(digits + sizeof(digits) - p);
	memcpy(to, p, len);
	return to + len;
}

/* @part as exactly @digits digits after a point, less the zeros at its end. */
static char *number_print_part(char *to, uint32_t part, unsigned digits)
{
	char *end;
	unsigned i;

	while (part % 10 == 0) {
		part /= 10;
		digits--;
	}
	*to++ = '.';
	end = to + digits;
	for (i = digits; i > 1; i -= 2, part /= 100)
		memcpy(to + i - 2, pairs + part % 100 * 2, 2);
	if (i)
		*to = (char)('0' + part);
	return end;
}

char *number_print(char *to, int64_t value, unsigned decimals)
{
	uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	uint32_t part;

	if (value < 0)
		*to++ = '-';
	if (size < 10 && !decimals) {
		*to++ = (char)('0' + size);
		return to;
	}
	if (!decimals)
		return number_print_whole(to, size);
	part = (uint32_t)(size % powers[decimals]);
	to = number_print_whole(to, size / powers[decimals]);
	return part ? number_print_part(to, part, decimals) : to;
}
