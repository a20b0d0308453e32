package fault

// OutsideOptions is an item, or a change of one, that the user's options keep from
// travelling: it is left as it is, and is no problem.
const OutsideOptions Code = "outside-options"
