# SPDX-License-Identifier: Apache-2.0
"""The truth programs as they are built: source x compiler x options. A variant's name is also its
file name and its process name, so it has at most 15 characters."""

from dataclasses import dataclass

MUSL = "musl-gcc"
C, CXX, CLANG, CLANGXX, RUST = "gcc", "g++", "clang-14", "clang++-14", "/usr/bin/rustc"
FORTRAN = "gfortran"
# The one on the PATH, and Debian 12's.
GO, OLD_GO = "go", "/usr/lib/go-1.19/bin/go"
LANGUAGES = {C: "C", CLANG: "C", CXX: "C++", CLANGXX: "C++", RUST: "Rust", FORTRAN: "Fortran",
             GO: "Go", OLD_GO: "Go"}
NO_FP, FP = "-fomit-frame-pointer", "-fno-omit-frame-pointer"
BFD, GOLD, LLD = "-fuse-ld=bfd", "-fuse-ld=gold", "-fuse-ld=lld"
NO_CFI = ("-fno-asynchronous-unwind-tables", "-fno-unwind-tables")
DEEP = ("alloca.c", "recurse.c", "signal.c", "chain.go", "cgo.go")
PLUGINS = (("a", 0), ("b", 208), ("c", 4096 + 48))


@dataclass(frozen=True)
class Variant:
    name: str
    compiler: str
    source: str
    flags: tuple
    is_static: bool = False
    # Facts about the machine code that the variant is there for: (tool, regular expression).
    must_show: tuple = ()
    # What is done to the file: "" | "delete" it once it runs | "replace" it | "split" its symbols
    # into a debug file | "strip" them | "behead" it: no section headers either | lay its code out
    # anew as "bolt" does.
    after: str = ""
    # Of its stacks, this share must be whole and correct.
    min_correct: float = 0.99
    # Its stacks are deeper than what is kept of one while its tables are loaded, or go on on a
    # second stack (a signal handler's own one, that of Go's runtime).
    is_deep: bool = False
    # At most this share of its samples may hold no function of its chains: threads of a runtime.
    max_outside: float = 0.05


    def kind(self):
        """What the table of whole stacks counts it under."""
        if self.compiler == MUSL:
            return "musl, without unwind tables"
        if self.source == "jit.c":
            return "code made at run time, with frame pointers"
        if self.source == "assembly.c":
            return "assembly without unwind tables"
        language = LANGUAGES[self.compiler]
        return f"{language} without unwind tables" if NO_CFI[0] in self.flags else language


def _v(name, compiler, source, *flags, **more):
    return Variant(name, compiler, source, flags, is_static="-static" in flags,
                   is_deep=source in DEEP, max_outside=0.3 if source == "chain.go" else 0.05, **more)


def _bare(name, compiler, source, *flags, **more):
    return _v(name, compiler, source, NO_FP, *NO_CFI, *flags, min_correct=0.97, **more)


EXPRESSION = (("frames", r"DW_CFA_def_cfa_expression"),)
JUMPS = (("code", r"jmp\s+[0-9a-f]+ <tail_second>"), ("code", r"jmp\s+[0-9a-f]+ <tail_leaf>"))
NO_EH_FRAME = (("sections", r"\.debug_frame"),)
FAR_TEXT = (("segments", r"LOAD(?s:.*)R E(?s:.*)LOAD(?s:.*)R E"),)
COPIED_AT = "-Wl,--section-start=copied=0x50000000"
COLD_PARTS = (("sections", r"\.bolt\.org\.eh_frame"), ("sections", r"\.text\.cold"))
NO_SYMBOLS = (("sections", r"(?s:^((?!\.symtab).)*$)"),)
END_BRANCHES = (("code", r"<(main|_ZN4site4leafEm)>:\n.*endbr64"),)
GUARDS = (("code", r"<__stack_chk_fail@plt>"),)
MCOUNT = (("code", r"call.*mcount"),)

VARIANTS = (
    # Truth program 1 over the levels of optimization, frame pointers, kinds of file and linkers.
    _v("c_nofp", C, "chain.c", "-O2", NO_FP),
    _v("c_nofp_o0", C, "chain.c", "-O0", NO_FP, BFD),
    _v("c_fp_o0", C, "chain.c", "-O0", FP, "-no-pie"),
    _v("c_nofp_o1_nopie", C, "chain.c", "-O1", NO_FP, "-no-pie"),
    _v("c_fp_o1_gold", C, "chain.c", "-O1", FP, GOLD),
    _v("c_fp_o2_lld", C, "chain.c", "-O2", FP, LLD),
    _v("c_nofp_o2_lld", C, "chain.c", "-O2", NO_FP, LLD),
    _v("c_lld_nopie", C, "chain.c", "-O3", NO_FP, LLD, "-no-pie"),
    _v("c_nofp_o3_gold", C, "chain.c", "-O3", NO_FP, GOLD, "-no-pie"),
    _v("c_fp_o3", C, "chain.c", "-O3", FP, "-Wl,-z,noseparate-code"),
    _v("c_nofp_static", C, "chain.c", "-O2", NO_FP, "-static"),
    _v("c_fp_static", C, "chain.c", "-O2", FP, "-static"),
    _v("c_static_lld", C, "chain.c", "-O3", NO_FP, "-static", LLD),
    _v("c_static_pie", C, "chain.c", "-O2", NO_FP, "-static-pie"),
    _v("c_clang", CLANG, "chain.c", "-O2", NO_FP),
    _v("c_clang_fp_lld", CLANG, "chain.c", "-O1", FP, LLD),
    _v("c_debug_frame", C, "chain.c", "-O2", NO_FP, "-g", "-fno-asynchronous-unwind-tables",
       must_show=NO_EH_FRAME),
    _v("c_far_text", C, "chain.c", "-O2", NO_FP, "-no-pie", "-DTRUTH_FAR_TEXT",
       "-Wl,--section-start=far_text=0x40000000", must_show=FAR_TEXT),
    _v("c_deleted", C, "chain.c", "-O2", NO_FP, after="delete"),
    _v("c_replaced", C, "chain.c", "-O2", NO_FP, "-no-pie", after="replace"),
    _v("c_split_debug", C, "chain.c", "-O2", NO_FP, "-g", after="split"),
    # C++ and Rust.
    _v("cxx_nofp", CXX, "chain.cc", "-O2", NO_FP),
    _v("cxx_o0", CXX, "chain.cc", "-O0"),
    _v("cxx_fp_o3_lld", CXX, "chain.cc", "-O3", FP, LLD),
    _v("cxx_nofp_gold", CXX, "chain.cc", "-O1", NO_FP, GOLD, "-no-pie"),
    _v("cxx_static", CXX, "chain.cc", "-O2", NO_FP, "-static"),
    _v("cxx_clang", CLANGXX, "chain.cc", "-O2", NO_FP),
    _v("rust_o0", RUST, "chain.rs", "-Copt-level=0"),
    _v("rust_o1_fp", RUST, "chain.rs", "-Copt-level=1", "-Cforce-frame-pointers=yes"),
    _v("rust_o2_v0", RUST, "chain.rs", "-Copt-level=2", "-Csymbol-mangling-version=v0"),
    _v("rust_o3_lld", RUST, "chain.rs", "-Copt-level=3", "-Clink-arg=-fuse-ld=lld"),
    _v("rust_nopie_gold", RUST, "chain.rs", "-Copt-level=2", "-Crelocation-model=static",
       "-Clink-arg=-fuse-ld=gold"),
    # One subject each.
    _v("recurse", C, "recurse.c", "-O2", NO_FP),
    _v("recurse_fp_o0", C, "recurse.c", "-O0", FP),
    _v("alloca", C, "alloca.c", "-O2", NO_FP),
    _v("alloca_clang", CLANG, "alloca.c", "-O2", NO_FP),
    _v("drap", C, "drap.c", "-O2", NO_FP, must_show=EXPRESSION),
    _v("drap_o3_lld", C, "drap.c", "-O3", NO_FP, LLD, must_show=EXPRESSION),
    _v("drap_clang", CLANG, "drap.c", "-O1", NO_FP),
    _v("tail", C, "tail.c", "-O2", NO_FP, must_show=JUMPS),
    _v("tail_fp", C, "tail.c", "-O3", FP, must_show=JUMPS),
    _v("signal", C, "signal.c", "-O2", NO_FP),
    _v("signal_fp", C, "signal.c", "-O1", FP),
    _v("signal_static", C, "signal.c", "-O2", NO_FP, "-static"),
    _v("vfork", C, "vfork.c", "-O2", NO_FP),
    _v("vfork_static", C, "vfork.c", "-O2", NO_FP, "-static"),
    _v("jump", C, "jump.c", "-O2", NO_FP, "-falign-functions=1"),
    _v("jump_fp_gold", C, "jump.c", "-O1", FP, GOLD),
    _v("throw", CXX, "throw.cc", "-O2", NO_FP),
    _v("throw_static", CXX, "throw.cc", "-O2", NO_FP, "-static"),
    _v("throw_clang", CLANGXX, "throw.cc", "-O1", FP, LLD),
    _v("dynamic", C, "dynamic.c", "-O2", NO_FP),
    _v("qsort", C, "qsort.c", "-O2", NO_FP),
    _v("qsort_static", C, "qsort.c", "-O2", NO_FP, "-static"),
    _v("vdso", C, "vdso.c", "-O2", NO_FP),
    _v("vdso_fp_static", C, "vdso.c", "-O2", FP, "-static"),
    _v("threads", C, "threads.c", "-O2", NO_FP),
    _v("threads_static", C, "threads.c", "-O2", NO_FP, "-static", GOLD),
    _v("copied", C, "copied.c", "-O2", NO_FP, "-no-pie", COPIED_AT),
    _v("copied_late", C, "copied.c", "-O2", NO_FP, "-no-pie", COPIED_AT),
    _v("copied_mremap", C, "copied.c", "-O2", NO_FP, "-no-pie", COPIED_AT, "-DBY_MREMAP"),
    _v("copied_mremap_l", C, "copied.c", "-O2", NO_FP, "-no-pie", COPIED_AT, "-DBY_MREMAP"),
    _v("probed", C, "probed.c", "-O2", NO_FP),
    _v("probed_fp", C, "probed.c", "-O1", FP),
    # Other front ends, layouts and instrumentation.
    _v("fortran", FORTRAN, "chain.f90", "-O2", NO_FP, "-fno-inline"),
    _v("fortran_o0", FORTRAN, "chain.f90", "-O0"),
    _v("c_bolt", C, "chain.c", "-O2", NO_FP, "-Wl,--emit-relocs", after="bolt",
       must_show=COLD_PARTS),
    _v("c_bolt_nopie", C, "recurse.c", "-O2", NO_FP, "-no-pie", "-Wl,--emit-relocs",
       after="bolt"),
    _v("cxx_bolt", CXX, "chain.cc", "-O2", NO_FP, "-Wl,--emit-relocs", after="bolt"),
    _v("cxx_strip", CXX, "chain.cc", "-O2", NO_FP, after="strip", must_show=NO_SYMBOLS),
    _v("c_strip_nopie", C, "chain.c", "-O3", NO_FP, "-no-pie", after="strip"),
    _v("c_lto", C, "chain.c", "-O2", NO_FP, "-flto"),
    _v("cxx_lto_lld", CLANGXX, "chain.cc", "-O2", "-flto", LLD),
    _v("c_cet", C, "chain.c", "-O2", NO_FP, "-fcf-protection=full", must_show=END_BRANCHES),
    _v("cxx_cet_clang", CLANGXX, "chain.cc", "-O2", "-fcf-protection=full",
       must_show=END_BRANCHES),
    _v("c_guard", C, "chain.c", "-O2", NO_FP, "-fstack-protector-all", must_show=GUARDS),
    _v("alloca_guard", C, "alloca.c", "-O2", NO_FP, "-fstack-protector-strong",
       "-fstack-clash-protection"),
    _v("c_mcount", C, "chain.c", "-O2", "-pg", "-DTRUTH_MCOUNT", must_show=MCOUNT),
    _v("c_sections_gc", C, "chain.c", "-O2", NO_FP, "-ffunction-sections", "-Wl,--gc-sections",
       "-Wl,-z,pack-relative-relocs"),
    # Code made at run time.
    _v("jit_map", C, "jit.c", "-O2", NO_FP, "-DMADE_MAP", min_correct=0.97),
    _v("jit_dump", C, "jit.c", "-O2", NO_FP, "-DMADE_DUMP", min_correct=0.97),
    _v("jit_shared", C, "jit.c", "-O2", NO_FP, "-DMADE_MAP", "-DMADE_SHARED", min_correct=0.97),
    _v("jit_unnamed", C, "jit.c", "-O2", NO_FP, min_correct=0.97),
    # Go: rows and names come from its function table.
    _v("go_chain", GO, "chain.go"),
    _v("go_strip", GO, "chain.go", "-ldflags=-s -w", must_show=NO_SYMBOLS),
    _v("go_pie", GO, "chain.go", "-buildmode=pie"),
    _v("go_behead", GO, "chain.go", "-ldflags=-s -w", after="behead"),
    _v("go_noopt", GO, "chain.go", "-gcflags=-N -l"),
    _v("go_cgo", GO, "cgo.go"),
    _v("go_cgo_strip", GO, "cgo.go", "-buildmode=pie", after="strip"),
    _v("go119_chain", OLD_GO, "chain.go"),
    _v("go119_strip", OLD_GO, "chain.go", "-ldflags=-s -w", must_show=NO_SYMBOLS),
    _v("go119_pie", OLD_GO, "chain.go", "-buildmode=pie", "-ldflags=-s -w"),
    _v("go119_cgo", OLD_GO, "cgo.go"),
    _v("go119_cgo_strip", OLD_GO, "cgo.go", "-buildmode=pie", after="strip"),
    # Without unwind tables: rows are made by decoding the code.
    _bare("bare_c", C, "chain.c", "-O2"),
    _bare("bare_c_o0", C, "chain.c", "-O0"),
    _bare("bare_c_o3_lld", C, "chain.c", "-O3", LLD),
    _bare("bare_c_static", C, "chain.c", "-O1", "-static"),
    _bare("bare_clang", CLANG, "chain.c", "-O2"),
    _bare("bare_alloca", C, "alloca.c", "-O2"),
    _bare("bare_drap", C, "drap.c", "-O2"),
    _bare("bare_tail", C, "tail.c", "-O2"),
    _bare("bare_jump", C, "jump.c", "-O2", "-falign-functions=1"),
    _bare("bare_recurse", C, "recurse.c", "-O2"),
    _bare("musl_static", MUSL, "chain.c", "-O2", "-static"),
    _bare("musl_dynamic", MUSL, "chain.c", "-O2"),
    _bare("musl_os", MUSL, "chain.c", "-Os", "-static"),
    _bare("musl_signal", MUSL, "signal.c", "-O2", "-static"),
    _bare("musl_signal_so", MUSL, "signal.c", "-O2"),
    _bare("musl_qsort", MUSL, "qsort.c", "-O2"),
    _bare("musl_threads", MUSL, "threads.c", "-O2"),
    _bare("musl_threads_a", MUSL, "threads.c", "-O2", "-static"),
    _bare("assembly", C, "assembly.c", "-O2"),
    _bare("assembly_lld", C, "assembly.c", "-O2", LLD, "-no-pie"),
    _bare("assembly_musl", MUSL, "assembly.c", "-O2", "-static"),
)

BY_NAME = {variant.name: variant for variant in VARIANTS}
