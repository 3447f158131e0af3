# Compiler settings and the functions that the rooms' CMakeLists.txt use.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

find_program(STEREOFARM_CCACHE ccache)
if(STEREOFARM_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${STEREOFARM_CCACHE}")
endif()

# No contraction: the same numbers whether or not the compiler finds a fused multiply-add.
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off>)
if(STEREOFARM_CPU AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-march=${STEREOFARM_CPU}>)
endif()
if(STEREOFARM_SANITIZE)
  add_compile_options("-fsanitize=${STEREOFARM_SANITIZE}" -fno-omit-frame-pointer)
  add_link_options("-fsanitize=${STEREOFARM_SANITIZE}")
endif()

if(STEREOFARM_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

add_library(stereofarm_warnings INTERFACE)
target_compile_options(stereofarm_warnings INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wno-missing-field-initializers;-Wno-restrict>"
  # ^ -Wno-restrict: false alarms of g++ 12 in std::string (GCC bug 105651)
  $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall>)
if(STEREOFARM_WERROR AND NOT STEREOFARM_SANITIZE)
  target_compile_options(stereofarm_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Werror> "$<$<COMPILE_LANGUAGE:CUDA>:--Werror=all-warnings>")
endif()

# The kernels of our own for NVIDIA GPUs, where there's a compiler for them. Sanitizers stay away from it.
if(STEREOFARM_CUDA AND NOT STEREOFARM_SANITIZE)
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    if(NOT CMAKE_CUDA_ARCHITECTURES)
      # Turing's own code, Hopper's, and Hopper's for what comes after it.
      set(CMAKE_CUDA_ARCHITECTURES 75-real 90)
    endif()
    enable_language(CUDA)
    set(CMAKE_CUDA_STANDARD 17)
    set(CMAKE_CUDA_STANDARD_REQUIRED ON)
    find_package(CUDAToolkit REQUIRED)
    # As above: the GPU gives the processor's numbers.
    add_compile_options($<$<COMPILE_LANGUAGE:CUDA>:--fmad=false>)
  endif()
endif()

# sf_library(NAME SOURCES file... DEPS target...): a static library of one room.
function(sf_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_include_directories(${name} PUBLIC "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PUBLIC ${arg_DEPS} PRIVATE stereofarm_warnings)
endfunction()

# sf_executable(NAME SOURCES file... DEPS target...): a program in bin/.
function(sf_executable name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${arg_DEPS} stereofarm_warnings)
endfunction()

# sf_test(NAME LABEL label SOURCES file... DEPS target...): a GoogleTest program; each of its tests becomes a ctest
# with that one label. STEREOFARM_SOURCE_DIR and STEREOFARM_BIN_DIR are defined in it.
function(sf_test name)
  cmake_parse_arguments(arg "" "LABEL;TIMEOUT" "SOURCES;DEPS" ${ARGN})
  sf_executable(${name} SOURCES ${arg_SOURCES} DEPS ${arg_DEPS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE
    STEREOFARM_SOURCE_DIR="${CMAKE_SOURCE_DIR}" STEREOFARM_BIN_DIR="${CMAKE_BINARY_DIR}/bin")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${arg_LABEL}" TIMEOUT ${arg_TIMEOUT})
endfunction()
