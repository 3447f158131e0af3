# Finds OpenCV by its own CMake files where they are, else by library: Debian's libopencv-*-dev carry none; only the
# umbrella package does, which brings highgui, viz and VTK along.
# Gives a target opencv_<component> each, OpenCV_LIBS with all of them, OpenCV_VERSION.
find_package(OpenCV QUIET CONFIG COMPONENTS ${OpenCV_FIND_COMPONENTS})
if(OpenCV_FOUND)
  return()
endif()

find_path(OpenCV_INCLUDE_DIR opencv2/core/version.hpp PATH_SUFFIXES opencv4)
set(OpenCV_LIBS "")
set(_libraries "")
foreach(_component IN LISTS OpenCV_FIND_COMPONENTS)
  find_library(OpenCV_${_component}_LIBRARY opencv_${_component})
  list(APPEND _libraries OpenCV_${_component}_LIBRARY)
  if(OpenCV_${_component}_LIBRARY AND NOT TARGET opencv_${_component})
    add_library(opencv_${_component} UNKNOWN IMPORTED)
    set_target_properties(opencv_${_component} PROPERTIES
      IMPORTED_LOCATION "${OpenCV_${_component}_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${OpenCV_INCLUDE_DIR}")
  endif()
  list(APPEND OpenCV_LIBS opencv_${_component})
endforeach()

if(OpenCV_INCLUDE_DIR)
  file(READ "${OpenCV_INCLUDE_DIR}/opencv2/core/version.hpp" _header)
  string(REGEX MATCH "CV_VERSION_MAJOR +([0-9]+)" _ "${_header}")
  set(OpenCV_VERSION "${CMAKE_MATCH_1}")
  string(REGEX MATCH "CV_VERSION_MINOR +([0-9]+)" _ "${_header}")
  string(APPEND OpenCV_VERSION ".${CMAKE_MATCH_1}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenCV
  REQUIRED_VARS OpenCV_INCLUDE_DIR ${_libraries} VERSION_VAR OpenCV_VERSION)
unset(_libraries)
unset(_header)
