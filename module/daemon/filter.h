/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief System calls that are refused from now on (seccomp); left out on processors that are not known.
 */

#pragma once

/*! For kskrolld: no programs, no other processes. */
void filter_kskrolld(void);
/*! For the broker and what it starts: no network. */
void filter_broker(void);
