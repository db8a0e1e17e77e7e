/* The E-model against the figures that G.107 and its users publish. */
#include <math.h>

#include "sipprobe/media/voice/emodel.h"
#include "tests/unit/tap.h"

static void test_defaults(void)
{
	double r = emodel_r(&emodel_default);

	ok(fabs(r - 93.2062) < 0.0001, "defaults give R 93.2062 (%.4f)", r);
	ok(fabs(emodel_mos(r) - 4.409) < 0.001, "… and MOS 4.409 (%.4f)", emodel_mos(r));
}

/* R to MOS as Annex B has it. */
static void test_mos(void)
{
	static const struct {
		double r, mos;
	} cases[] = {
		{50, 2.58}, {60, 3.10}, {70, 3.60}, {80, 4.02}, {90, 4.34}, {93.2, 4.41},
		{100, 4.5}, {120, 4.5}, {0, 1},	    {-9, 1},	{2.7, 1},   {6.4, 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(fabs(emodel_mos(cases[i].r) - cases[i].mos) < 0.0051,
		   "R %g is MOS %g (%.3f)", cases[i].r, cases[i].mos,
		   emodel_mos(cases[i].r));
}

/* Delay and loss, with and without concealment. */
static void test_table(void)
{
	static const struct {
		double ta, ppl, mos, plain;
	} cases[] = {
		{0, 0, 4.409, 4.409},	{0, 1, 4.328, 3.834},	{0, 2, 4.235, 3.256},
		{0, 5, 3.923, 2.169},	{0, 10, 3.411, 1.481},	{0, 20, 2.631, 1.124},
		{150, 0, 4.406, 4.406}, {150, 2, 4.230, 3.248}, {200, 0, 4.343, 4.343},
		{300, 0, 3.964, 3.964}, {400, 0, 3.556, 3.556}, {400, 5, 2.751, 1.198},
		{400, 20, 1.490, 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct emodel e = emodel_default;
		double mos, plain;

		e.ta_ms = cases[i].ta;
		e.ppl = cases[i].ppl;
		e.bpl = EMODEL_BPL_CONCEALED;
		mos = emodel_mos(emodel_r(&e));
		e.bpl = EMODEL_BPL_PLAIN;
		plain = emodel_mos(emodel_r(&e));
		ok(fabs(mos - cases[i].mos) < 0.002, "%g ms, %g %%: %.3f, concealed",
		   cases[i].ta, cases[i].ppl, mos);
		ok(fabs(plain - cases[i].plain) < 0.002, "… and %.3f plain", plain);
	}
}

/* What the short forms of the model leave out. */
static void test_rest(void)
{
	struct emodel e = emodel_default;

	e.bpl = EMODEL_BPL_CONCEALED;
	e.ppl = 5;
	e.burst_r = 2;
	ok(fabs(emodel_r(&e) - 75.99) < 0.02, "bursts of 2 at 5 %%: R 75.99 (%.3f)",
	   emodel_r(&e));
	e.burst_r = 4;
	ok(fabs(emodel_r(&e) - 75.17) < 0.02, "bursts of 4: R 75.17 (%.3f)",
	   emodel_r(&e));

	e = emodel_default;
	e.t_ms = e.ta_ms = 150;
	e.tr_ms = 300;
	ok(fabs(emodel_r(&e) - 89.54) < 0.1, "talker echo at 150 ms: R 89.54 (%.3f)",
	   emodel_r(&e));
	e.telr = 45;
	ok(emodel_r(&e) < 70, "a loud echo is heard (%.1f)", emodel_r(&e));
	e.stmr = 25;
	ok(emodel_r(&e) < 70, "… whatever the sidetone (%.1f)", emodel_r(&e));

	e = emodel_default;
	e.qdu = 14;
	ok(emodel_r(&e) < 85, "quantising distortion counts (%.1f)", emodel_r(&e));
	e = emodel_default;
	e.ps = e.pr = 65;
	ok(emodel_r(&e) < 90, "so do noisy rooms (%.1f)", emodel_r(&e));
	e = emodel_default;
	e.ie = 11;
	e.a = 10;
	ok(fabs(emodel_r(&e) - 92.2062) < 0.001, "a codec's impairment, an advantage");
}

int main(void)
{
	test_defaults();
	test_mos();
	test_table();
	test_rest();
	return tap_done();
}
