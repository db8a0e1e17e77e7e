/*
 * The E-model: ITU-T G.107 (06/2015), all of it, from what is known of a connection to
 * the rating R and from there to the mean opinion score. Its defaults give R 93.2,
 * MOS 4.41.
 */
#ifndef SIPPROBE_MEDIA_EMODEL_H
#define SIPPROBE_MEDIA_EMODEL_H

/* By their names in G.107 table 2. dB and dBm if nothing else is said. */
struct emodel {
	double slr, rlr;   /* loudness of sending and receiving */
	double stmr, lstr; /* sidetone */
	double ds, dr;	   /* D-values of the telephones */
	double telr, wepl; /* talker echo's loudness; what listener echo loses */
	double t_ms;	   /* mean one-way delay of the echo path */
	double tr_ms;	   /* round trip within the four-wire loop */
	double ta_ms;	   /* absolute delay, one way, in echo-free connections */
	double qdu;	   /* quantising distortion units */
	double ie;	   /* equipment impairment of the codec */
	double bpl;	   /* how robust it is against loss, in percent */
	double ppl;	   /* packets lost, in percent */
	double burst_r;	   /* burst ratio */
	double nc, nfor;   /* noise: circuit, at the receiver's floor */
	double ps, pr;	   /* … in the rooms, dB(A) */
	double a;	   /* advantage factor */
};

/*
 * Table 2's defaults: telephones as they are meant to be, quiet rooms, no delay and no
 * loss. Talker echo plays no part while t_ms is 0: echo control is taken to be perfect.
 */
extern const struct emodel emodel_default;

/* G.113 Appendix I for G.711: Ie 0, Bpl 25.1 with packet loss concealment, 4.3 without.
 */
#define EMODEL_BPL_CONCEALED 25.1
#define EMODEL_BPL_PLAIN     4.3

/* The rating factor R (7.1). It may lie below 0. */
double emodel_r(const struct emodel *m);

/* The estimated mean opinion score, 1 to 4.5 (Annex B). */
double emodel_mos(double r);

#endif
