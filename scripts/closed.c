/* The program that links a room whole against the rooms below it; see meson.build. */
int main(void)
{
	return 0;
}
