! SPDX-License-Identifier: Apache-2.0
! Fortran calls: module procedures, a pure array function, an internal procedure reached through a
! procedure pointer (gfortran makes a trampoline on the stack for it), recursion and a call of C.
! What it can be seen in is said by fortran_main.c.
module burn
  use, intrinsic :: iso_c_binding
  implicit none
  interface
    subroutine c_leaf(turns) bind(c)
      import :: c_int64_t
      integer(c_int64_t), value :: turns
    end subroutine
    ! Does nothing: keeps a call from being the last thing of its function.
    subroutine c_after(value) bind(c)
      import :: c_int64_t
      integer(c_int64_t), intent(inout) :: value
    end subroutine
  end interface
contains
  subroutine inner(turns)
    integer(c_int64_t), intent(in) :: turns
    integer(c_int64_t) :: state
    state = turns
    call c_leaf(turns)
    call c_after(state)
  end subroutine

  recursive subroutine descend(depth, turns)
    integer(c_int64_t), intent(in) :: depth, turns
    integer(c_int64_t) :: state
    state = depth
    if (depth > 1) then
      call descend(depth - 1, turns)
    else
      call inner(turns)
    end if
    call c_after(state)
  end subroutine

  subroutine apply(work, turns)
    interface
      subroutine work(amount)
        import :: c_int64_t
        integer(c_int64_t), intent(in) :: amount
      end subroutine
    end interface
    integer(c_int64_t), intent(in) :: turns
    integer(c_int64_t) :: state
    state = turns
    call work(turns)
    call c_after(state)
  end subroutine

  subroutine nested(turns)
    integer(c_int64_t), intent(in) :: turns
    integer(c_int64_t) :: more
    more = 1
    call apply(within, turns)
    call c_after(more)
  contains
    ! Uses `more` of its host, so it needs the host's frame: a trampoline.
    subroutine within(amount)
      integer(c_int64_t), intent(in) :: amount
      call inner(amount + more)
      more = more + 1
    end subroutine
  end subroutine

  subroutine fortran_side(turns) bind(c)
    integer(c_int64_t), value :: turns
    integer(c_int64_t) :: state
    state = turns
    call descend(12_c_int64_t, turns)
    call nested(turns)
    call c_after(state)
  end subroutine
end module
