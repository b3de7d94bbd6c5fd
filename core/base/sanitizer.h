// SPDX-License-Identifier: Apache-2.0
// Which sanitizer this is built with: g++ and clang say it in different ways. They reserve
// terabytes of address space, need descriptors of their own and replace operator new.
#pragma once

#ifndef __has_feature  // clang's
#define __has_feature(feature) 0
#define SONDE_DEFINED_HAS_FEATURE
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SONDE_ADDRESS_SANITIZER 1
#else
#define SONDE_ADDRESS_SANITIZER 0
#endif

#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define SONDE_THREAD_SANITIZER 1
#else
#define SONDE_THREAD_SANITIZER 0
#endif

#ifdef SONDE_DEFINED_HAS_FEATURE
#undef __has_feature
#undef SONDE_DEFINED_HAS_FEATURE
#endif
