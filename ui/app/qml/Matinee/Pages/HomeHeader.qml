pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// What stands above the catalogue: the bar, one large title, and the rows of the service.
FocusScope {
    id: root

    required property QtObject home
    required property QtObject downloads
    required property QtObject files
    property alias bar: bar
    property alias bannerItem: banner
    property bool calm: false // for a child: no large title
    readonly property bool withFeatured: home.featured.count > 0 && !calm
    readonly property real rowsTop: withFeatured ? banner.height : bar.height + Theme.wide
    readonly property Item current: banner.activeFocus ? banner : bar.activeFocus ? bar : row // what has the focus
    property Item row

    signal titleChosen(string titleId) // to its page
    signal playChosen(string titleId)
    signal downloadChosen(string downloadId)
    signal menuWanted(Item card, string titleId, bool goingOn)
    signal fileChosen(string identity)
    signal fileMenuWanted(Item card, string identity)
    signal passed() // Down from the last row

    implicitHeight: rowsTop + rows.height

    function stops(): list<Item> {
        return Array.from(rows.children).filter(child => child.visible && child.isRow === true)
    }
    function rowWithFocus(): Item { return stops().find(row => row.activeFocus) ?? null }
    // The height of what stands above a row: the row before it, or nothing.
    function above(row: Item): real {
        const at = stops().indexOf(row)
        return at > 0 ? stops()[at - 1].height : 0
    }
    // Focus the row nearest to the catalogue, or the furthest.
    function enterFromBelow() {
        const last = stops().pop()
        if (last)
            last.forceActiveFocus(Qt.OtherFocusReason)
        else
            enterFirst()
    }
    function enterFirst() {
        if (withFeatured)
            banner.forceActiveFocus(Qt.OtherFocusReason)
        else if (calm && stops().length > 0)
            enterRow(0)
        else
            bar.enter()
    }
    // From one stop to the next: the bar, the large title, each row.
    function go(step: int) {
        const now = stops().findIndex(row => row.activeFocus)
        if (bar.activeFocus)
            step < 0 ? bar.enter() : withFeatured ? enterFirst() : enterRow(0)
        else if (now < 0 && step < 0)
            bar.enter()
        else if (now + step < 0)
            withFeatured ? enterFirst() : bar.enter()
        else
            enterRow(now + step)
    }
    function enterRow(at: int) {
        const row = stops()[at]
        if (row)
            row.forceActiveFocus(Qt.OtherFocusReason)
        else
            passed()
    }
    // Whatever had the focus may be gone after the rows came again.
    function hold() {
        if (activeFocus && !banner.activeFocus && !bar.activeFocus && !rowWithFocus())
            enterFirst()
    }

    Keys.onDownPressed: go(1)
    Keys.onUpPressed: go(-1)
    onWithFeaturedChanged: Qt.callLater(hold)

    FeaturedBanner {
        id: banner
        objectName: "featured"
        width: root.width
        height: implicitHeight
        visible: root.withFeatured
        focus: true
        covered: bar.height
        still: root.home.featuredStill
        model: root.home.featured
        onTitleChosen: titleId => root.titleChosen(titleId)
        onPlayChosen: titleId => root.playChosen(titleId)
    }
    Column {
        id: rows
        y: root.rowsTop
        width: root.width
        // Without a network: what can be watched all the same
        PosterRow {
            readonly property bool isRow: true
            objectName: "row_here"
            prefix: "here_"
            width: root.width
            heading: qsTr("On this machine")
            model: root.downloads.ready
            visible: root.home.offline && root.home.state === "ready" && count > 0
            enabled: visible
            onVisibleChanged: Qt.callLater(root.hold)
            onActiveFocusChanged: root.row = root.rowWithFocus()
            onTitleChosen: downloadId => root.downloadChosen(downloadId)
        }
        Repeater {
            model: root.home.rows
            onItemRemoved: Qt.callLater(root.hold)
            delegate: PosterRow {
                required property string key
                required heading
                required property bool plays
                required property QtObject titles
                required ranked
                readonly property bool isRow: true

                objectName: "row_" + key
                prefix: key + "_"
                width: root.width
                model: titles
                withRemaining: plays
                onActiveFocusChanged: root.row = root.rowWithFocus()
                onMenuWanted: (card, titleId) => root.menuWanted(card, titleId, plays)
                onTitleChosen: titleId => plays ? root.playChosen(titleId) : root.titleChosen(titleId)
            }
        }
        // The viewer's own files
        PosterRow {
            readonly property bool isRow: true
            objectName: "row_files"
            prefix: "file_"
            width: root.width
            heading: qsTr("On this computer")
            model: root.files.recent
            visible: !root.calm && root.home.state === "ready" && count > 0
            enabled: visible
            onVisibleChanged: Qt.callLater(root.hold)
            onActiveFocusChanged: root.row = root.rowWithFocus()
            onTitleChosen: identity => root.fileChosen(identity)
            onMenuWanted: (card, identity) => root.fileMenuWanted(card, identity)
        }
    }
    HomeBar {
        id: bar
        width: root.width
        height: implicitHeight
    }
}
