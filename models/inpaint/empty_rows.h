#ifndef STEREOFARM_MODELS_INPAINT_EMPTY_ROWS_H_
#define STEREOFARM_MODELS_INPAINT_EMPTY_ROWS_H_

#include <vector>

#include "common/image/image.h"

namespace stereofarm {

// Gives each row y with empty[y] the pixels of the nearest row that isn't empty, the upper one of
// two as near. Black where every row is empty. Alpha, a fourth channel, stays as it is.
void FillEmptyRows(const std::vector<bool>& empty, Image* image);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_EMPTY_ROWS_H_
