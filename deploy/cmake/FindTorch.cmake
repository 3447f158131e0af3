# Finds LibTorch and gives the targets stereofarm_torch and stereofarm_torch_threads (for files that call
# at::parallel_for, a template that runs on one thread where the compiler's OpenMP is off), Torch_PREFIX, Torch_VERSION and Torch_HAS_CUDA.
#
# LibTorch's own TorchConfig.cmake isn't used: it asks for the whole CUDA toolkit to link a CUDA build, hands its
# definitions and flags on to every room that links models, and puts its headers first, an old copy of protobuf's
# among them.
#
# Order: Torch_ROOT, CMAKE_PREFIX_PATH, Torch_DIR (each as a variable, then in the environment), the environment's
# LIBTORCH, and STEREOFARM_LIBTORCH_DIR (environment, then variable), which deploy/install fills.
set(_hints "")
foreach(_path IN LISTS CMAKE_PREFIX_PATH)
  list(APPEND _hints "${_path}" "${_path}/../..")  # PyTorch itself names its share/cmake as the prefix.
endforeach()
file(TO_CMAKE_PATH "$ENV{CMAKE_PREFIX_PATH}" _paths)
foreach(_path IN LISTS _paths)
  list(APPEND _hints "${_path}" "${_path}/../..")
endforeach()
foreach(_path IN ITEMS "${Torch_DIR}" "$ENV{Torch_DIR}")
  if(_path)
    list(APPEND _hints "${_path}/../../..")
  endif()
endforeach()
if(NOT EXISTS "${Torch_VERSION_FILE}")
  unset(Torch_VERSION_FILE CACHE)  # Found by an earlier run and gone since.
endif()
find_file(Torch_VERSION_FILE share/cmake/Torch/TorchConfigVersion.cmake
  HINTS ${_hints} "$ENV{LIBTORCH}" "$ENV{STEREOFARM_LIBTORCH_DIR}" "${STEREOFARM_LIBTORCH_DIR}"
  NO_CMAKE_SYSTEM_PATH)
mark_as_advanced(Torch_VERSION_FILE)

if(Torch_VERSION_FILE)
  get_filename_component(Torch_PREFIX "${Torch_VERSION_FILE}/../../../.." ABSOLUTE)
  file(STRINGS "${Torch_VERSION_FILE}" _version REGEX "^set\\(PACKAGE_VERSION ")
  string(REGEX REPLACE ".*\"(.*)\".*" "\\1" Torch_VERSION "${_version}")
  # Builds before 2.7 may still use GCC 4's std::string; nothing else here links with that.
  file(STRINGS "${Torch_PREFIX}/share/cmake/Torch/TorchConfig.cmake" _old_abi REGEX "_GLIBCXX_USE_CXX11_ABI=0")
  if(_old_abi)
    message(FATAL_ERROR "The LibTorch in ${Torch_PREFIX} is built for the C++ ABI before C++11; take another build.")
  endif()
endif()

set(_libraries "")
foreach(_name IN ITEMS torch_cpu c10)
  set(Torch_${_name}_LIBRARY "${Torch_PREFIX}/lib/lib${_name}.so")
  if(NOT EXISTS "${Torch_${_name}_LIBRARY}")
    set(Torch_${_name}_LIBRARY "Torch_${_name}_LIBRARY-NOTFOUND")
  endif()
  list(APPEND _libraries Torch_${_name}_LIBRARY)
endforeach()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Torch
  REQUIRED_VARS Torch_VERSION_FILE ${_libraries} VERSION_VAR Torch_VERSION
  REASON_FAILURE_MESSAGE "deploy/install fetches it, Torch_ROOT names another")

if(Torch_FOUND AND NOT TARGET stereofarm_torch)
  add_library(stereofarm_torch INTERFACE)
  foreach(_directory IN ITEMS include include/torch/csrc/api/include)
    target_compile_options(stereofarm_torch INTERFACE "SHELL:-idirafter \"${Torch_PREFIX}/${_directory}\"")
  endforeach()
  target_link_libraries(stereofarm_torch INTERFACE "${Torch_torch_cpu_LIBRARY}" "${Torch_c10_LIBRARY}")
  set(Torch_HAS_CUDA OFF)
  if(EXISTS "${Torch_PREFIX}/lib/libtorch_cuda.so")
    set(Torch_HAS_CUDA ON)
    # Nothing calls it by name: it registers its kernels when it's loaded.
    target_link_libraries(stereofarm_torch INTERFACE
      "-Wl,--push-state,--no-as-needed,${Torch_PREFIX}/lib/libtorch_cuda.so,--pop-state"
      "${Torch_PREFIX}/lib/libc10_cuda.so")
  endif()
endif()
if(Torch_FOUND AND NOT TARGET stereofarm_torch_threads)
  add_library(stereofarm_torch_threads INTERFACE)
  # LibTorch brings its own copy of GCC's library; a second one beside it would be a second set of threads.
  file(GLOB _openmp "${Torch_PREFIX}/lib/libgomp*.so*")
  if(_openmp AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    list(GET _openmp 0 _openmp)
    target_compile_options(stereofarm_torch_threads INTERFACE -fopenmp)
    target_link_libraries(stereofarm_torch_threads INTERFACE "${_openmp}")
  endif()
  unset(_openmp)
endif()
unset(_libraries)
