{
  // A block of text with its values, without the newline that ends every block.
  fill(block, values):: std.rstripChars(block % values, '\n'),
}
