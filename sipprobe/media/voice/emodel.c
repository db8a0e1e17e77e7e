#include "sipprobe/media/voice/emodel.h"

#include <math.h>

const struct emodel emodel_default = {
	.slr = 8,
	.rlr = 2,
	.stmr = 15,
	.lstr = 18,
	.ds = 3,
	.dr = 3,
	.telr = 65,
	.wepl = 110,
	.qdu = 1,
	.bpl = EMODEL_BPL_PLAIN,
	.burst_r = 1,
	.nc = -70,
	.nfor = -64,
	.ps = 35,
	.pr = 35,
};

/* Below this R Annex B's polynomial dips under its least value. */
#define EMODEL_R_LEAST 6.5153

static double emodel_power(double db)
{
	return pow(10, db / 10);
}

/* The even root of a sum of one and a power: how two effects fade into each other. */
static double emodel_soft(double x, double n)
{
	return pow(1 + pow(x, n), 1 / n);
}

/* 7.2: the sum of all noise at the 0 dBr point. */
static double emodel_noise(const struct emodel *m)
{
	double olr = m->slr + m->rlr;
	double past = m->ps - olr - m->ds - 14;
	double nos = m->ps - m->slr - m->ds - 100 + 0.004 * past * past;
	double pre = m->pr + 10 * log10(1 + emodel_power(10 - m->lstr));
	double nor = m->rlr - 121 + pre + 0.008 * (pre - 35) * (pre - 35);
	double nfo = m->nfor + m->rlr;

	return 10 * log10(emodel_power(m->nc) + emodel_power(nos) + emodel_power(nor) +
			  emodel_power(nfo));
}

/* 7.3, Iolr: too loud or too quiet. */
static double emodel_loudness(const struct emodel *m, double noise)
{
	double x = (m->slr + m->rlr + 0.2 * (64 + noise - m->rlr)) / 8;

	return 20 * (emodel_soft(x, 8) - x);
}

/* 7.3, Ist: sidetone that is not what it should be. */
static double emodel_sidetone(const struct emodel *m)
{
	double stmr = -10 * log10(emodel_power(-m->stmr) +
				  exp(-m->t_ms / 4) * emodel_power(-m->telr));

	return 12 * emodel_soft((stmr - 13) / 6, 8) -
	       28 * emodel_soft((stmr + 1) / 19.4, 35) -
	       13 * emodel_soft((stmr - 3) / 33, 13) + 29;
}

/* 7.3, Iq: quantising. @ro: basic signal-to-noise ratio */
static double emodel_quantising(const struct emodel *m, double ro)
{
	double q = 37 - 15 * log10(m->qdu);
	double g = 1.07 + 0.258 * q + 0.0602 * q * q;
	double y = (ro - 100) / 15 + 46 / 8.4 - g / 9;
	double z = 46.0 / 30 - g / 40;

	return 15 * log10(1 + pow(10, y) + pow(10, z));
}

/* 7.4, Idte: talker echo. */
static double emodel_talker_echo(const struct emodel *m, double noise)
{
	double roe = -1.5 * (noise - m->rlr);
	double terv = m->telr - 40 * log10((1 + m->t_ms / 10) / (1 + m->t_ms / 150)) +
		      6 * exp(-0.3 * m->t_ms * m->t_ms);
	double half, idte;

	if (m->t_ms < 1)
		return 0;
	/* Loud sidetone masks echo, and where there is little both disturb. */
	if (m->stmr < 9)
		terv += emodel_sidetone(m) / 2;
	half = (roe - 80 - 2.5 * (terv - 14)) / 2;
	idte = (half + sqrt(half * half + 100) - 1) * (1 - exp(-m->t_ms));
	return m->stmr > 20 ? hypot(idte, emodel_sidetone(m)) : idte;
}

/* 7.4, Idle: listener echo. */
static double emodel_listener_echo(const struct emodel *m, double ro)
{
	double rle = 10.5 * (m->wepl + 7) * pow(m->tr_ms + 1, -0.25);
	double half = (ro - rle) / 2;

	return half + sqrt(half * half + 169);
}

/* 7.4, Idd: delay as such, from 100 ms on. */
static double emodel_delay(const struct emodel *m)
{
	double x;

	if (m->ta_ms <= 100)
		return 0;
	x = log2(m->ta_ms / 100);
	return 25 * (emodel_soft(x, 6) - 3 * emodel_soft(x / 3, 6) + 2);
}

/* 7.5, Ie,eff: the codec, and packets lost. */
static double emodel_equipment(const struct emodel *m)
{
	if (m->ppl <= 0)
		return m->ie;
	return m->ie + (95 - m->ie) * m->ppl / (m->ppl / m->burst_r + m->bpl);
}

double emodel_r(const struct emodel *m)
{
	double noise = emodel_noise(m);
	double ro = 15 - 1.5 * (m->slr + noise);
	double with_speech =
		emodel_loudness(m, noise) + emodel_sidetone(m) + emodel_quantising(m, ro);
	double with_delay = emodel_talker_echo(m, noise) + emodel_listener_echo(m, ro) +
			    emodel_delay(m);

	return ro - with_speech - with_delay - emodel_equipment(m) + m->a;
}

double emodel_mos(double r)
{
	if (r <= EMODEL_R_LEAST)
		return 1;
	if (r >= 100)
		return 4.5;
	return 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
}
