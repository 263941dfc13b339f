"""Writers of faces: folders, InsightFace's forms and aligned copies."""
