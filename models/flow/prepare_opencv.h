#ifndef STEREOFARM_MODELS_FLOW_PREPARE_OPENCV_H_
#define STEREOFARM_MODELS_FLOW_PREPARE_OPENCV_H_

namespace stereofarm {

// For the whole process, however often it's called: OpenCV works on one thread, since the numbers
// of dense flow depend on how many there are, and its matrices' memory is given out again
// (common/image/image_memory.h).
void PrepareOpenCv();

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_FLOW_PREPARE_OPENCV_H_
