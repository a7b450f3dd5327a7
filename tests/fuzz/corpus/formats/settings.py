A = ['x', "y"] + B  # no
A: list[str] = (
    '''z''',
)
A += f'{x}' \
  'a'
M = {'a': None}
A = 'one'
