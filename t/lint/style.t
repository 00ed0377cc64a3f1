#!/usr/bin/perl
# The habits of doc/HACKING.md that a program can check: no call that has hurt
# others, functions and files of a size one can read, headers that stand once,
# lines that fit, each .c with its own header first.
use strict;
use warnings;
use File::Find;
use Test::More;

my $top = $ENV{srcdir} // '.';
my %limit = (file => 900, function => 100, line => 100);

# What is used instead stands in HACKING.md and in base/.
my $FORBIDDEN = join '|', qw(strcpy strcat sprintf vsprintf strtok atoi atol atof
    gets alloca rand srand strncpy localtime gmtime ctime asctime
    system popen tmpnam mktemp);
# Only daemon/ and cli/ end a program or speak on their own account.
my $SHELL_ONLY = join '|', qw(exit printf puts fputs putchar perror syslog);
# base/log.c writes the log, base/mem.c tells of a broken invariant.
my %SPEAKS = map { $_ => 1 } qw(milter/base/log.c milter/base/mem.c);

my @files;
find({ no_chdir => 1, wanted => sub { push @files, $_ if /\.[ch]$/ } }, "$top/milter");
@files = sort @files;
cmp_ok scalar(@files), '>', 100, 'the sources are found';

sub slurp { my ($p) = @_; open my $f, '<', $p or die "$p: $!"; local $/; return scalar <$f> }

# Comments and literals blanked, lines kept, so that words in them do not count.
sub bare {
	my ($text) = @_;
	$text =~ s{(/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')}{
		my $s = $1; $s =~ s/[^\n]/ /g; $s }gesx;
	return $text;
}

# [name, first line, lines] of every function: opens with { in column 1.
sub functions {
	my ($text) = @_;
	my (@found, $start, $head);
	my @line = split /\n/, $text;
	for my $i (0 .. $#line) {
		if (!defined $start && $line[$i] eq '{') {
			my $j = $i;
			$j-- while $j > 0 && $line[$j] !~ /^\w+\(|^\w.*\b\w+\(/;
			($head) = $line[$j] =~ /(\w+)\(/;
			$start = $i;
		} elsif (defined $start && $line[$i] eq '}') {
			push @found, [ $head // '?', $start + 1, $i - $start - 1 ];
			undef $start;
		}
	}
	return @found;
}

my (@calls, @speech, @long_files, @long_functions, @long_lines, @guards, @first, @ends);
my $functions = 0;
for my $path (@files) {
	my $name = $path =~ s{^\Q$top\E/}{}r;
	my $text = slurp($path);
	my $bare = bare($text);
	my @line = split /\n/, $text, -1;

	push @ends, $name if $text !~ /[^\n]\n\z/ || $text =~ /\r|[ \t]\n/;
	push @long_files, "$name: " . (@line - 1) if @line - 1 > $limit{file};
	for my $i (0 .. $#line) {
		my $shown = $line[$i];
		1 while $shown =~ s/^(.*?)\t/$1 . ' ' x (8 - length($1) % 8)/e;
		# A literal that cannot be broken may stick out.
		push @long_lines, "$name:" . ($i + 1) if length $shown > $limit{line} && $shown !~ /["'].*["']|https?:/;
	}
	while ($bare =~ /(?<![\w.>])($FORBIDDEN)\s*\(/g) {
		push @calls, "$name:" . (1 + (substr($bare, 0, $-[1]) =~ tr/\n//)) . ": $1";
	}
	if ($name !~ m{^milter/(?:daemon|cli)/} && !$SPEAKS{$name}) {
		while ($bare =~ /(?<![\w.>])($SHELL_ONLY)\s*\(/g) {
			push @speech, "$name:" . (1 + (substr($bare, 0, $-[1]) =~ tr/\n//)) . ": $1";
		}
	}
	if ($name =~ m{^milter/(\w+)/(\w+)\.h$}) {
		my $guard = uc "POSTERN_$1_$2_H";
		push @guards, "$name: wants $guard"
		    unless $text =~ /^#ifndef \Q$guard\E\n#define \Q$guard\E\n/m;
	}
	my $own = $name =~ s{^milter/(.*)\.c$}{$1.h}r;
	if ($own ne $name && -e "$top/milter/$own") {
		# A private header of the same part may stand for it.
		my ($include) = $text =~ /^#include\s+"?([^"\s]+)/m;
		push @first, "$name: $include" unless $include eq $own
		    || (-e "$top/milter/$include" && slurp("$top/milter/$include") =~ /^#include "\Q$own\E"/m);
	}
	for my $f ($name =~ /\.c$/ ? functions($bare) : ()) {
		$functions++;
		push @long_functions, "$name: $f->[0], $f->[2] lines" if $f->[2] > $limit{function};
	}
}

sub none { my ($what, @found) = @_; is scalar(@found), 0, $what or diag join "\n", @found[0 .. ($#found > 19 ? 19 : $#found)] }
cmp_ok $functions, '>', 1000, 'and so are their functions';
none('no forbidden call', @calls);
none('only daemon and cli speak or exit', @speech);
none("no file over $limit{file} lines", @long_files);
none("no function over $limit{function} lines", @long_functions);
none("no line over $limit{line} columns", @long_lines);
none('every header has its guard', @guards);
none('every file includes its own header first', @first);
none('every file ends in one newline, without blanks at line ends', @ends);

# The check itself: what it must find, in a text made for it.
my $bad = bare("/* strcpy( */\nvoid\nf(void)\n{\n\tstrcpy(a, \"atoi(\");\n}\n");
my @hit = $bad =~ /(?<![\w.>])($FORBIDDEN)\s*\(/g;
is_deeply \@hit, ['strcpy'], 'calls are found, comments and literals are not';
is_deeply [ functions($bad) ], [ [ 'f', 4, 1 ] ], 'a function is measured';
done_testing;
