#ifndef STEREOFARM_COMMON_FARM_CUT_DEPTH_H_
#define STEREOFARM_COMMON_FARM_CUT_DEPTH_H_

namespace stereofarm {

// Where the depth of a picture beside a cut lies: 5 % of it is farther than `far`, half of it than
// `middle`, and 5 % is nearer than `near`.
struct CutDepth {
  double far = 0.5;
  double middle = 0.5;
  double near = 0.5;

  bool operator==(const CutDepth&) const = default;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_FARM_CUT_DEPTH_H_
